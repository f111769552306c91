import type { SecurityTexts } from "./security.es";

export const en: SecurityTexts = {
  title: "Security",
  intro: "What protects your account, what has happened to it, and the data that identify it.",
  demanded: "To use your account, first turn on two-step verification: with the codes of an app, or with a passkey.",
  devices: {
    unknown: "Unknown device",
    on: (browser, system) => `${browser} on ${system}`,
  },
  secondFactor: {
    title: "Two-step verification",
    intro: "With an authenticator app on your phone, nobody who knows your password gets in without the app’s code.",
    add: "Turn on",
    active: "On",
    since: (date) => `Since ${date}`,
    codesLeft: (count) =>
      count === 0
        ? "No recovery codes are left: create new ones."
        : count === 1
          ? "1 recovery code is left: create new ones."
          : `${count} recovery codes are left.`,
    enrollTitle: "Add your account to the app",
    scan: "Open your authenticator app and scan this code.",
    qrCode: "QR code for the authenticator app",
    onThisPhone: "Is the app on this device?",
    openApp: "Open it here",
    typeKey: "Cannot scan? Type this key into the app:",
    key: "Key",
    code: "6-digit code that the app shows",
    confirm: "Confirm code",
    replace: "Create new codes",
    replaceQuestion: "Create new recovery codes?",
    replaceIntro: "Those that you kept will no longer work.",
    replaceSubmit: "Yes, create new ones",
    remove: "Turn off",
    removeQuestion: "Turn off two-step verification?",
    removeIntro: "Your password will be enough to get in, also for those who guess or steal it.",
    removeSubmit: "Yes, turn it off",
    remembered: "Devices that ask for no code",
    rememberedUntil: (date) => `Until ${date}`,
    forget: "Forget",
    forgetLabel: (device) => `Forget ${device}`,
  },
  recoveryCodes: {
    title: "Recovery codes",
    intro:
      "If you lose your phone, you get in with one of these; each works once. Keep them outside the phone: we will not show them again.",
    download: "Download",
    fileName: "recovery-codes.txt",
    fileTitle: (site, email) => `Recovery codes of ${email} at ${site}. Each works once.`,
    kept: "I have kept them",
  },
  sessions: {
    title: "Open sessions",
    intro: "The devices on which your account is open. End those that you do not recognize, and change your password.",
    thisDevice: "This device",
    lastSeen: (date) => `Last active: ${date}`,
    name: "Rename",
    nameLabel: (device) => `Rename ${device}`,
    deviceName: (device) => `Name of this device (${device})`,
    deviceNameHint: "For example “Office laptop”. Leave it empty to take the name away.",
    saveName: "Save name",
    revoke: "End",
    revokeLabel: (device) => `End the session of ${device}`,
    revokeOthers: "End all other sessions",
  },
  events: {
    title: "Recent activity",
    intro: "If you do not recognize something, end all other sessions and change your password.",
    sameAddress: "from the network that you use now",
    otherAddress: "from another network",
    actors: { ANYBODY: "Perhaps not you", OPERATOR: "Support", SYSTEM: "Automatic" },
    endLabel: (date) => `End the session that was opened on ${date}`,
    more: "Show more",
    refresh: "Refresh",
  },
  email: {
    title: "Email address",
    change: "Change email",
    next: "New email address",
    hint: "We will send a code to it. Until you confirm it, you sign in with the one of today.",
    submit: "Send code",
    pending: (email) => `${email} is not confirmed yet: follow the link in the email that we sent there, or paste the code.`,
    confirm: "Confirm email",
    resend: "Send another code",
  },
  rfc: {
    change: "Change RFC",
    intro: "Your invoices are issued under this RFC. It can be changed only while it has no payments and no invoices.",
    next: "New RFC",
    submit: "Change RFC",
  },
  language: {
    title: "Language of emails",
    label: "We write to you in",
    submit: "Save language",
  },
  dataExport: {
    title: "A copy of your data",
    intro: "Everything that we keep about you and your company, in one file. We will email you a link that works once.",
    request: "Email me the link",
  },
  deletion: {
    title: "Delete the account",
    goes: "We delete your data, your company’s, your series and your sessions. Download what you need before that.",
    stays:
      "If you have paid, tax law obliges us to keep the payments for some years, apart and without your email address. You will have some days to change your mind: we will tell you the date, and until then the account works.",
    request: "Delete my account",
    question: "Delete your account?",
    questionIntro: "From now on you cannot pay or renew, and a pending deposit is canceled.",
    pending: (date) => `We will delete it on ${date}. If you change your mind, keep it with the button at the top.`,
  },
  confirmEmail: {
    title: "Confirm your new email address",
    intro: "Your account will use this address to sign you in and to write to you. We will end your other sessions.",
  },
  revertEmail: {
    title: "Get your former email address back",
    intro:
      "If somebody changed your account’s email address without your consent, this returns it to the former one. All sessions end and the password stops working: you will have to recover it afterwards.",
    submit: "Return to the former address",
  },
};
