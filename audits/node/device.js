// Chromium's virtual authenticator, which makes and uses passkeys.

/** An authenticator with a screen lock. `present` says whether somebody answers it at once. */
export class Device {
  static async of(page, present = true) {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        ctap2Version: "ctap2_1",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: present,
        defaultBackupEligibility: true,
        defaultBackupState: true,
      },
    });
    return Object.assign(new Device(), { cdp, authenticatorId });
  }

  send(command, values = {}) {
    return this.cdp.send(`WebAuthn.${command}`, { authenticatorId: this.authenticatorId, ...values });
  }

  present(enabled) {
    return this.send("setAutomaticPresenceSimulation", { enabled });
  }

  verified(isUserVerified) {
    return this.send("setUserVerified", { isUserVerified });
  }

  async credentials() {
    return (await this.send("getCredentials")).credentials;
  }
}
