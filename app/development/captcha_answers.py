"""Says what solves a captcha, for the test suites of those who build an app. Only in TEST_MODE."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.captcha.service import CaptchaService


def captcha_answer_route(captchas: CaptchaService) -> Route:
    async def answer(request: Request) -> Response:
        solution = captchas.solution(request.path_params["id"])
        if solution is None:
            raise HTTPException(404)
        return JSONResponse({"words": " ".join(solution.words), "digits": solution.digits})

    return Route("/test/captcha/{id}", answer)
