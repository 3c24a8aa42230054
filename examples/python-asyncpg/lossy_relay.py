"""A server that dies at the worst moment, for the tests: it commits, and the answer is lost."""
import asyncio
import os
import tempfile
from contextlib import asynccontextmanager


@asynccontextmanager
async def lossy_relay(lose: bytes = b"ORD-"):
    """Gives a socket directory that leads to the server of PGHOST and PGPORT.

    The first answer with these bytes in it (an order's number) is lost, with its connection.
    """
    socket_name = f".s.PGSQL.{os.environ['PGPORT']}"
    losses = [lose]

    async def pump(source, target, may_lose):
        try:
            while data := await source.read(65536):
                if may_lose and losses and losses[0] in data:
                    losses.clear()
                    break
                target.write(data)
        except ConnectionError:
            pass
        target.close()

    async def serve(reader, writer):
        upstream = await asyncio.open_unix_connection(f"{os.environ['PGHOST']}/{socket_name}")
        await asyncio.gather(pump(reader, upstream[1], False), pump(upstream[0], writer, True))

    with tempfile.TemporaryDirectory() as directory:
        async with await asyncio.start_unix_server(serve, f"{directory}/{socket_name}"):
            yield directory
