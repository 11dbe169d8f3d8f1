#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tracker that trackd replaces, as such services have it: a dict and a lock in one process.

Prints the median nanoseconds of an update and of a read, ids at random.
"""
import random
import statistics
import sys
import threading
import time

PROGRESS = {"extracting": 10, "chunking": 25, "embedding": 40, "indexing": 70, "summarizing": 85}


class Tracker:
    def __init__(self):
        self.tasks = {}
        self.lock = threading.Lock()

    def create(self, task_id, owner, name):
        now = time.time()
        with self.lock:
            self.tasks[task_id] = {
                "task_id": task_id, "user_id": owner, "filename": name, "status": "pending",
                "progress": 0, "message": "Queued for processing", "error": None,
                "created_at": now, "updated_at": now,
            }

    def update(self, task_id, status, message):
        with self.lock:
            task = self.tasks.get(task_id)
            if task is None:
                return False
            task["status"] = status
            task["progress"] = PROGRESS[status]
            task["message"] = message
            task["updated_at"] = time.time()
            return True

    def get(self, task_id):
        with self.lock:
            task = self.tasks.get(task_id)
            return dict(task) if task else None


def median_ns(operation, picks, rounds=15):
    samples = []
    for _ in range(rounds):
        before = time.thread_time_ns()
        for task_id in picks:
            operation(task_id)
        samples.append((time.thread_time_ns() - before) / len(picks))
    return statistics.median(samples)


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 16384
    tracker = Tracker()
    for i in range(n):
        tracker.create("task-%08x" % (i * 2654435761 % 2**32), "owner-%d" % (i % 1024), "report.pdf")
    ids = list(tracker.tasks)
    picks = random.Random(1).choices(ids, k=20000)
    update = median_ns(lambda i: tracker.update(i, "embedding", "page 17 of 87"), picks)
    read = median_ns(tracker.get, picks)
    print("%.1f %.1f" % (update, read))


if __name__ == "__main__":
    main()
