// Apollo iOS writes this file once and then leaves it alone. Here it maps DateTime, in UTC with milliseconds, to Date.

@_spi(Internal) import ApolloAPI
import Foundation

extension Accounts {
  typealias DateTime = Foundation.Date
}

private let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

extension Foundation.Date: @retroactive CustomScalarType {
  @_spi(Internal) public init(_jsonValue value: JSONValue) throws {
    guard let text = value as? String, let date = try? format.parse(text) else {
      throw JSONDecodingError.couldNotConvert(value: value, to: Foundation.Date.self)
    }
    self = date
  }

  @_spi(Internal) public var _jsonValue: JSONValue { format.format(self) }
}
