FROM python:3.11-slim
# libodbc is needed by an import of mssql-django; Microsoft's own driver comes with its PyPI package.
RUN apt-get update && apt-get install -y --no-install-recommends unixodbc && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY gateway gateway
COPY dynamic_databases dynamic_databases
COPY tenants tenants
COPY schema schema
COPY manage.py .
RUN useradd --system --create-home gateway && mkdir /data && chown gateway /data
USER gateway
ENV GATEWAY_DATA_DIR=/data HOST=0.0.0.0 PORT=8000 WORKERS=1 PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
CMD ["sh", "-c", "python manage.py migrate --verbosity 0 && exec python -m uvicorn gateway.asgi:application --host $HOST --port $PORT --workers $WORKERS --no-access-log"]
