import type { SecurityTexts } from "./security.es";

export const en: SecurityTexts = {
  title: "Security",
  intro: "What protects your account, and what has happened to it.",
  sessions: {
    title: "Open sessions",
    intro:
      "The devices on which your account is open. End those that you do not recognize, and change your password.",
    thisDevice: "This device",
    lastSeen: (date) => `Last active: ${date}`,
    revoke: "End",
    revokeLabel: (device) => `End the session of ${device}`,
    revokeOthers: "End all other sessions",
    unknownDevice: "Unknown device",
    on: (browser, system) => `${browser} on ${system}`,
  },
};
