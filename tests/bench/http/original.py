# SPDX-License-Identifier: MIT
"""The status endpoint as services have it that trackd replaces: the tracker in the process itself,
behind FastAPI. uvicorn runs it; ORIGINAL_SECRET verifies tokens, ORIGINAL_TASKS has "ID OWNER" lines.
"""

import os
import sys

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tracker import Tracker

SECRET = os.environ["ORIGINAL_SECRET"]
tracker = Tracker()
with open(os.environ["ORIGINAL_TASKS"], encoding="utf-8") as tasks:
    for line in tasks:
        task, owner = line.split()
        tracker.create(task, owner, "report.pdf")
        tracker.update(task, "embedding", "Generating embeddings for 40 chunks")

app = FastAPI()
bearer = HTTPBearer(auto_error=False)


async def user_id(credentials: HTTPAuthorizationCredentials = Depends(bearer)) -> str:
    if credentials is None:
        raise HTTPException(401, "Not authenticated")
    try:
        return jwt.decode(credentials.credentials, SECRET, algorithms=["HS256"])["sub"]
    except (jwt.InvalidTokenError, KeyError):
        raise HTTPException(401, "Invalid token") from None


@app.get("/documents/{document_id}/status")
async def status(document_id: str, user: str = Depends(user_id)):
    task = tracker.get(document_id)
    if task is None or task["user_id"] != user:
        raise HTTPException(404, "Document not found")
    return {"document_id": document_id, "status": task["status"], "progress": task["progress"],
            "message": task["message"], "error": task["error"]}
