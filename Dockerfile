# The image of `serve`, `worker` and every other command (docs/deployment.md): docker build -t timbrado-accounts .
# The Python that the tests run on. Set PYTHON_IMAGE to a digest to build the same image again.
ARG PYTHON_IMAGE=python:3.11-slim-trixie

FROM ${PYTHON_IMAGE} AS packages
COPY requirements-run.lock /
RUN python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv install --no-cache-dir --require-hashes --only-binary :all: -r /requirements-run.lock

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin accounts \
 && install -d -o accounts -g accounts -m 0700 /var/lib/timbrado-accounts
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/timbrado-accounts
COPY pyproject.toml ./
COPY app app
COPY graphql graphql
COPY locales locales
COPY models models
COPY resolvers resolvers
COPY schema schema
COPY services services
RUN /opt/venv/bin/python -m compileall -q .
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    ENVIRONMENT=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/var/lib/timbrado-accounts
USER 10001:10001
VOLUME /var/lib/timbrado-accounts
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "app", "health"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
