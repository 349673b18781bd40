FROM python:3.11-slim
# libodbc is needed by an import of mssql-django; Microsoft's own driver comes with its PyPI package.
# mysqlclient is compiled: with the compiler and the headers, which go again.
WORKDIR /app
COPY requirements.txt requirements-mysql.txt ./
RUN apt-get update \
 && apt-get install -y --no-install-recommends unixodbc libmariadb3 gcc libc6-dev libmariadb-dev pkg-config \
 && pip install --no-cache-dir --require-hashes -r requirements.txt \
 && pip install --no-cache-dir --require-hashes -r requirements-mysql.txt \
 && apt-get purge -y --auto-remove gcc libc6-dev libmariadb-dev pkg-config && rm -rf /var/lib/apt/lists/*
COPY gateway gateway
COPY dynamic_databases dynamic_databases
COPY tenants tenants
COPY schema schema
COPY manage.py .
RUN useradd --system --uid 999 --create-home gateway && mkdir /data && chown gateway /data
USER gateway
ENV GATEWAY_DATA_DIR=/data HOST=0.0.0.0 PORT=8000 WORKERS=1 PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
CMD ["sh", "-c", "python manage.py migrate --verbosity 0 && exec python -m gateway --host $HOST --port $PORT --workers $WORKERS"]
