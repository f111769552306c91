"""Where the links of mails and PayPal's way back lead if the app is built and nothing else is set."""

from app.settings import Settings


def lead_to_built_app(settings: Settings) -> Settings:
    """Returns settings whose URLs are the pages of the app in WEB_APP_DIR, except for those that are set.

    A SITE_URL is another app, which has pages of its own. PORT must be the one that is served.
    """
    given = settings.model_fields_set
    if "site_url" in given or not has_built_app(settings):
        return settings
    app = settings.browsers_url
    pages = {
        "site_url": app,
        "confirm_url": f"{app}/confirmar#{{code}}",
        "confirm_email_url": f"{app}/confirmar-correo#{{code}}",
        "revert_email_url": f"{app}/restaurar-correo#{{code}}",
        "recover_url": f"{app}/entrar",
        "paypal_return_url": f"{app}/pago/paypal",
        "paypal_cancel_url": f"{app}/pago",
    }
    return settings.model_copy(update={name: url for name, url in pages.items() if name not in given})


def has_built_app(settings: Settings) -> bool:
    """Whether the service serves an app at /, which only development does."""
    return settings.development and (settings.web_app_dir / "index.html").exists()
