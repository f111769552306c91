"""The rules: plain values in, frozen values out. They know neither GraphQL nor HTTP."""
