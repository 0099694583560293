"""A fast status server: `python -m benchmarks.status_server`. It knows nothing; a job's id says when it completes.

`/api/generate/v2/status/<anything>-<epoch milliseconds>` answers after 20 to 50 ms; `/polls` tells how many answers it
gave so far. Anything else is not found. The port is printed.
"""

import asyncio
import random
import time


class Protocol(asyncio.Protocol):
    polls = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            if path == "/polls":
                self.answer(str(Protocol.polls))
            elif "/status/" not in path:
                self.answer("{}", "404 Not Found")
            else:
                Protocol.polls += 1
                asyncio.get_running_loop().call_later(random.uniform(0.02, 0.05), self.answer, status(path))

    def answer(self, body: str, line: str = "200 OK") -> None:
        head = f"HTTP/1.1 {line}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.transport.write((head + body).encode())


def status(path: str) -> str:
    """What a real server says of a job, in its length and fields."""
    job = path.rpartition("/")[2]
    shared = (
        f'"success":true,"generationId":"{job}","modelId":"z-image-turbo","creditsUsed":2,"creditsStatus":"charged"'
    )
    if time.time() * 1000 < int(job.rpartition("-")[2]):
        return f'{{{shared},"status":"processing","pollHintSeconds":30,"expectedWaitSeconds":15}}'
    return f'{{{shared},"status":"completed","imageUrls":["https://images.meigen.ai/{job}.png"]}}'


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Protocol, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
