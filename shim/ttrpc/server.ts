import type { Server, Socket } from "node:net";
import { type MethodTable, type ServedMethod, ServerConnection, type ServerLimits } from "./server-connection.ts";
import type { Method, Services } from "./service.ts";

const DEFAULT_LIMITS: ServerLimits = { maxCalls: 256, maxWaitingCalls: 16_384, maxUnsentBytes: 1024 * 1024 };

/** Serves unary ttrpc calls, any number at a time on any number of connections. */
export class TtrpcServer {
  readonly #methods: MethodTable;
  readonly #limits: ServerLimits;
  readonly #connections = new Set<ServerConnection>();
  readonly #listening = new Set<Server>();
  #isClosed = false;

  constructor(services: Services, limits: Partial<ServerLimits> = {}) {
    this.#methods = methodTable(services);
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /** Serves whoever connects to `server`, from now on. `close` closes it. */
  serve(server: Server): void {
    this.#listening.add(server);
    server.on("connection", (socket) => {
      this.accept(socket);
    });
  }

  /** Serves the client at the other end of a socket. */
  accept(socket: Socket): void {
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    const connection = new ServerConnection(socket, this.#methods, this.#limits);
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
  }

  /**
   * Takes no more connections and calls. Calls that wait end at once, the others have `graceMs` to end and be answered;
   * then the connections are cut.
   */
  async close(graceMs = 1000): Promise<void> {
    this.#isClosed = true;
    for (const server of this.#listening) server.close();
    await Promise.all([...this.#connections].map(async (connection) => connection.close(graceMs)));
  }
}

function methodTable(services: Services): MethodTable {
  const methods = Object.entries(services).flatMap(([service, table]) =>
    Object.entries(table).map(([name, method]) => [`${service}/${name}`, servedMethod(method)] as const),
  );
  return new Map(methods);
}

/** The handler is called from an async function: what it throws at once is a rejection too. */
function servedMethod(method: Method): ServedMethod {
  const { handle, waits } = typeof method === "function" ? { handle: method, waits: false } : method;
  return { waits, handle: async (payload, call) => handle(payload, call) };
}
