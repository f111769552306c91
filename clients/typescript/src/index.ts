export { CaptchaForm, type Captcha } from "./captcha.js";
export { createAccountsClient, type AccountsClient, type ClientOptions } from "./client.js";
export { AccountsError, NetworkError, RequestError, ServiceError, type ResponseError } from "./errors.js";
export type * from "./generated/graphql.js";
export type { CallOptions, FutureMember, Result } from "./operations.js";
export {
  addPasskey,
  offerPasskeys,
  proveWithPasskey,
  signInWithPasskey,
  supportsPasskeys,
  verifyWithPasskey,
  type PasskeyResult,
} from "./passkeys.js";
export { withRecentProof, type AskForProof } from "./proof.js";
export { memoryStore, Session, type Account, type SessionState, type TokenStore } from "./session.js";
