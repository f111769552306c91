"""What taxpayers type."""

RFC = "EKU9003173C9"
EMAIL = "ana@example.com"
PASSWORD = "una frase larga"
NEW_PASSWORD = "otra frase larga"
WRONG_PASSWORD = "no es mi clave"
OTHER_RFC = "H&E951128469"
REGISTRATION = {"rfc": RFC, "email": EMAIL, "password": PASSWORD, "passwordConfirmation": PASSWORD}
PASSWORD_CHANGE = {
    "currentPassword": PASSWORD,
    "newPassword": NEW_PASSWORD,
    "newPasswordConfirmation": NEW_PASSWORD,
}
COMPANY = {"legalName": "ESCUELA KEMPER URGATE", "taxRegime": "601", "postalCode": "26015"}
