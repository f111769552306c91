"""Somebody who uses the service in development, with its pages for mails and PayPal."""

import time
from typing import Any

import httpx2

from tests.forms import COMPANY, RFC
from tests.process.client import Client

PASSWORD = "una frase larga"


class Person:
    """Somebody with an app in development, who has done the first three steps."""

    def __init__(self, http: httpx2.Client, name: str, rfc: str = RFC) -> None:
        self.http = http
        self._client = Client(http)
        self._email = f"{name}@example.com"
        form = {"rfc": rfc, "email": self._email, "password": PASSWORD, "passwordConfirmation": PASSWORD}
        self._client.run("CreateAccount", **form)
        self._client.run("ConfirmAccount", code=self.mail()["codes"][0])
        self.token = self._client.run("Login", email=self._email, password=PASSWORD)["token"]
        self.run("ConfigureCompany", **COMPANY)
        self.run("CreateSeries", name="A")

    def run(self, operation: str, **input: Any) -> Any:
        return self._client.run(operation, self.token, **input)

    def mail(self, subject: str = "") -> Any:
        """The newest mail, once it has that subject."""
        for _ in range(300):
            mails = self.http.get("/mail.json", params={"to": self._email, "count": "1"}).json()
            if mails and subject in mails[0]["subject"]:
                return mails[0]
            time.sleep(0.1)
        raise AssertionError("no mail")

    def start(self, plan: str = "negocio") -> Any:
        started = self.run("StartPayPalPayment", planId=plan)
        assert started["__typename"] == "StartPayPalPaymentSuccess", started
        return started

    def choose(self, order_id: str, choice: str) -> str:
        """Where the click on the approval page leads."""
        answer = self.http.post("/paypal/checkoutnow", data={"token": order_id, "choice": choice})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def complete(self, order_id: str) -> str:
        return str(self.run("CompletePayPalPayment", orderId=order_id)["__typename"])

    def pay(self, plan: str) -> None:
        order_id = self.start(plan)["orderId"]
        self.choose(order_id, "approve")
        assert self.complete(order_id) == "CompletePayPalPaymentSuccess"

    def act(self, order_id: str, action: str) -> str:
        answer = self.http.post("/paypal/payments", data={"token": order_id, "action": action})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def is_active(self) -> bool:
        activation = self.run("Me")["activation"]
        return bool(activation and activation["active"])
