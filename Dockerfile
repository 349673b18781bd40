# Needs no secret to build. Migrations are a step of their own, before the first start and each upgrade:
#   docker run --rm … tenant-graphql-gateway python manage.py migrate
ARG BASE=python:3.11.14-slim-bookworm

# mysqlclient is compiled; the compiler and the headers stay in this stage.
FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libmariadb-dev pkg-config
WORKDIR /build
COPY requirements.txt requirements-mysql.txt ./
RUN python -m venv /opt/gateway \
 && /opt/gateway/bin/pip install --no-cache-dir --require-hashes -r requirements.txt \
 && /opt/gateway/bin/pip install --no-cache-dir --require-hashes -r requirements-mysql.txt \
 && /opt/gateway/bin/pip uninstall --yes --quiet pip setuptools

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="Tenant GraphQL Gateway" \
      org.opencontainers.image.description="A typed GraphQL API over databases that nobody knew when the code was written" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# mssql-django imports pyodbc, which needs libodbc; Microsoft's own driver comes with its PyPI package.
RUN apt-get update \
 && apt-get install -y --no-install-recommends unixodbc libmariadb3 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 999 --create-home gateway \
 && install --directory --owner gateway --mode 700 /data
COPY --from=build /opt/gateway /opt/gateway
WORKDIR /app
COPY gateway gateway
COPY dynamic_databases dynamic_databases
COPY tenants tenants
COPY schema schema
COPY manage.py .
ENV GATEWAY_STATIC_ROOT=/app/staticfiles
RUN GATEWAY_DATA_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
 && rm -r /tmp/build
# Bytecode is written now: the file system may be read-only at run time.
RUN /opt/gateway/bin/python -m compileall -q .
USER 999
ENV PATH=/opt/gateway/bin:$PATH GATEWAY_DATA_DIR=/data HOST=0.0.0.0 PORT=8000 WORKERS=1 \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD \
  ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
CMD ["sh", "-c", "exec python -m gateway --host $HOST --port $PORT --workers $WORKERS"]
