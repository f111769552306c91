export const es = {
  title: "Seguridad",
  intro: "Lo que protege tu cuenta, lo que ha pasado con ella y los datos que la identifican.",
  demanded:
    "Para usar tu cuenta, activa primero la verificación en dos pasos: con los códigos de una app o con una llave de acceso.",
  devices: {
    unknown: "Dispositivo desconocido",
    on: (browser: string, system: string) => `${browser} en ${system}`,
  },
  secondFactor: {
    title: "Verificación en dos pasos",
    intro: "Con una app de autenticación en tu teléfono, quien sepa tu clave no entra sin el código que muestra la app.",
    add: "Activar",
    addApp: "Agregar una app",
    active: "Activa",
    since: (date: string) => `Desde el ${date}`,
    codesLeft: (count: number) =>
      count === 0
        ? "Ya no te quedan códigos de recuperación: crea otros."
        : count === 1
          ? "Te queda 1 código de recuperación: crea otros."
          : `Te quedan ${count} códigos de recuperación.`,
    enrollTitle: "Agrega tu cuenta a la app",
    scan: "Abre tu app de autenticación y escanea este código.",
    qrCode: "Código QR para la app de autenticación",
    onThisPhone: "¿La app está en este dispositivo?",
    openApp: "Ábrela aquí",
    typeKey: "¿No puedes escanear? Escribe esta llave en la app:",
    key: "Llave",
    code: "Código de 6 dígitos que muestra la app",
    confirm: "Confirmar código",
    replace: "Crear otros códigos",
    replaceQuestion: "¿Crear otros códigos de recuperación?",
    replaceIntro: "Los que guardaste dejarán de servir.",
    replaceSubmit: "Sí, crear otros",
    remove: "Desactivar",
    removeQuestion: "¿Desactivar la verificación en dos pasos?",
    removeIntro: "Para entrar bastará tu clave, también a quien la adivine o te la robe.",
    removeSubmit: "Sí, desactivar",
    remembered: "Dispositivos que no piden el código",
    rememberedUntil: (date: string) => `Hasta el ${date}`,
    forget: "Olvidar",
    forgetLabel: (device: string) => `Olvidar ${device}`,
  },
  recoveryCodes: {
    title: "Códigos de recuperación",
    intro:
      "Si pierdes el teléfono, entrarás con uno de estos; cada uno sirve una vez. Guárdalos fuera del teléfono: no los mostraremos de nuevo.",
    download: "Descargar",
    fileName: "codigos-de-recuperacion.txt",
    fileTitle: (site: string, email: string) => `Códigos de recuperación de ${email} en ${site}. Cada uno sirve una vez.`,
    kept: "Ya los guardé",
  },
  sessions: {
    title: "Sesiones abiertas",
    intro: "Los dispositivos donde tu cuenta está abierta. Cierra los que no reconozcas, y cambia tu clave.",
    thisDevice: "Este dispositivo",
    lastSeen: (date: string) => `Última actividad: ${date}`,
    name: "Nombrar",
    nameLabel: (device: string) => `Nombrar ${device}`,
    deviceName: (device: string) => `Nombre de este dispositivo (${device})`,
    deviceNameHint: "Por ejemplo «Laptop de la oficina». Déjalo vacío para quitarle el nombre.",
    saveName: "Guardar nombre",
    revoke: "Cerrar",
    revokeLabel: (device: string) => `Cerrar la sesión de ${device}`,
    revokeOthers: "Cerrar las demás sesiones",
  },
  events: {
    title: "Actividad reciente",
    intro: "Si no reconoces algo, cierra las demás sesiones y cambia tu clave.",
    sameAddress: "desde la red que usas ahora",
    otherAddress: "desde otra red",
    actors: { ANYBODY: "Quizá no fuiste tú", OPERATOR: "Soporte", SYSTEM: "Automático" } as Record<string, string>,
    endLabel: (date: string) => `Cerrar la sesión que se abrió el ${date}`,
    more: "Ver más",
    refresh: "Actualizar",
  },
  email: {
    title: "Correo electrónico",
    change: "Cambiar correo",
    next: "Correo nuevo",
    hint: "Te enviaremos ahí un código. Hasta que lo confirmes, sigues entrando con el de ahora.",
    submit: "Enviar código",
    pending: (email: string) => `Falta confirmar ${email}: sigue el enlace del correo que enviamos ahí, o pega el código.`,
    confirm: "Confirmar correo",
    resend: "Enviar otro código",
  },
  rfc: {
    change: "Cambiar RFC",
    intro: "Las facturas salen a nombre de este RFC. Solo se puede cambiar mientras no haya pagos ni facturas con él.",
    next: "RFC nuevo",
    submit: "Cambiar RFC",
  },
  language: {
    title: "Idioma de los correos",
    label: "Te escribimos en",
    submit: "Guardar idioma",
  },
  dataExport: {
    title: "Copia de tus datos",
    intro: "Todo lo que guardamos de ti y de tu empresa, en un archivo. Te enviaremos un enlace que sirve una sola vez.",
    request: "Enviarme el enlace",
  },
  deletion: {
    title: "Eliminar la cuenta",
    goes: "Se eliminan tus datos, los de tu empresa, tus series y tus sesiones. Descarga antes lo que necesites.",
    stays:
      "Si hiciste pagos, la ley fiscal nos obliga a conservarlos unos años, aparte y sin tu correo. Tendrás unos días para arrepentirte: te diremos la fecha, y hasta entonces la cuenta funciona.",
    request: "Eliminar mi cuenta",
    question: "¿Eliminar tu cuenta?",
    questionIntro: "Desde ahora no podrás pagar ni renovar, y se cancela el depósito que esté pendiente.",
    pending: (date: string) => `La eliminaremos el ${date}. Si cambias de opinión, consérvala con el botón de arriba.`,
  },
  confirmEmail: {
    title: "Confirma tu correo nuevo",
    intro: "Con esto, tu cuenta usará este correo para entrar y para escribirte. Cerraremos tus demás sesiones.",
  },
  revertEmail: {
    title: "Recupera tu correo anterior",
    intro:
      "Si alguien cambió el correo de tu cuenta sin tu permiso, aquí regresa al anterior. Se cierran todas las sesiones y la clave deja de servir: después tendrás que recuperarla.",
    submit: "Regresar al correo anterior",
  },
};

export type SecurityTexts = typeof es;
