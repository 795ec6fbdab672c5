# One server of a step's solution. It holds what the server needs and nothing else.
FROM python:3.13-slim

ARG STEP=step3_broadcast
# Of the database, if it is not SQLite: psycopg
ARG DRIVER=

WORKDIR /workshop
COPY requirements.txt .
# Of the workshop's requirements, those that the server imports, with the same pins.
RUN grep -E '^(django|channels|channels-redis|daphne|redis|uvicorn)[>=<]' requirements.txt > server.txt \
    && pip install --no-cache-dir -r server.txt ${DRIVER:+"$DRIVER"}
COPY page page
COPY solutions/${STEP} solutions/${STEP}

# Not root: who finds a way into the server finds little there.
RUN useradd --no-create-home chat
USER chat

WORKDIR /workshop/solutions/${STEP}
ENV PYTHONUNBUFFERED=1
# 0.0.0.0 within the container's own network; docker-compose.yml says which ports leave it.
CMD ["daphne", "--bind", "0.0.0.0", "--port", "8000", "mysite.asgi:application"]
