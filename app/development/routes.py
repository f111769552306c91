"""All routes of development."""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.composition import Composition, make_keys
from app.development.bank import Bank
from app.development.captcha_answers import captcha_answer_route
from app.development.mail_pages import MailPages
from app.development.pages import render
from app.development.paypal.merchant import PATH, Merchant
from app.development.paypal.stand_in import StandIn
from app.development.paypal.storage import Storage
from app.development.places import Places
from app.development.web_app import web_app_route
from app.settings import Settings

_PAYPAL_FILE = "paypal-stand-in.json"


def development_routes(settings: Settings, composition: Composition, others: Sequence[BaseRoute]) -> list[BaseRoute]:
    """Returns the routes to put after the `others`; the last one is for the app's own paths."""
    if not settings.development:
        raise ValueError("development routes in production")
    places = Places(settings)
    routes = [
        *places.routes(),
        *MailPages(settings.data_dir / "mail", by_smtp=settings.smtp_url is not None).routes(),
        *Bank(composition.services.deposits).routes(),
    ]
    if settings.stands_in_for_paypal:
        merchant = Merchant.of(make_keys(settings), settings.own_url)
        storage = Storage(settings.data_dir / _PAYPAL_FILE, settings.browsers_url + PATH)
        routes += StandIn(merchant, storage, f"{settings.own_url}/webhooks/paypal").routes()
    else:
        routes.append(Route("/paypal", partial(_say_why_not, has_paypal=settings.has_paypal)))
    if settings.test_mode:
        routes.append(captcha_answer_route(composition.services.captchas))
    reserved = {route.path.split("/")[1] for route in [*others, *routes] if isinstance(route, Route)}
    return [*routes, web_app_route(frozenset(reserved | {"test"}), places.show, str(settings.web_app_dir))]


async def _say_why_not(_: Request, *, has_paypal: bool) -> Response:
    return render("paypal_off.html", has_paypal=has_paypal)
