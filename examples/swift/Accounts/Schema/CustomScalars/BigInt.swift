// Folios of up to 19 digits, as strings of digits.

extension Accounts {
  typealias BigInt = String
}
