export const es = {
  title: "Seguridad",
  intro: "Lo que protege tu cuenta, y lo que ha pasado con ella.",
  sessions: {
    title: "Sesiones abiertas",
    intro: "Los dispositivos donde tu cuenta está abierta. Cierra los que no reconozcas, y cambia tu clave.",
    thisDevice: "Este dispositivo",
    lastSeen: (date: string) => `Última actividad: ${date}`,
    revoke: "Cerrar",
    revokeLabel: (device: string) => `Cerrar la sesión de ${device}`,
    revokeOthers: "Cerrar las demás sesiones",
    unknownDevice: "Dispositivo desconocido",
    on: (browser: string, system: string) => `${browser} en ${system}`,
  },
};

export type SecurityTexts = typeof es;
