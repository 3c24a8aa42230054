// A server that dies at the worst moment, for the tests: it commits, and the answer is lost.
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';

// Calls use(directory) with a socket directory that leads to the server of PGHOST and PGPORT. The
// first answer with `lose` in it (an order's number) is lost, with its connection.
export async function withLossyRelay(use, lose = 'ORD-') {
  const socketName = `.s.PGSQL.${process.env.PGPORT}`;
  const directory = await mkdtemp(path.join(tmpdir(), 'relay-'));
  let lost = false;

  const relay = net.createServer((client) => {
    const server = net.connect(path.join(process.env.PGHOST, socketName));
    client.pipe(server);
    server.on('data', (data) => {
      if (!lost && data.includes(lose)) {
        lost = true;
        server.destroy();
        client.destroy();
      } else {
        client.write(data);
      }
    });
    server.on('end', () => client.end());
    for (const socket of [client, server]) socket.on('error', () => {});
  });
  relay.listen(path.join(directory, socketName));
  await once(relay, 'listening');
  try {
    await use(directory);
  } finally {
    relay.close();
    await rm(directory, { recursive: true });
  }
}
