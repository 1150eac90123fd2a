// What the server and its engine process say to each other. The server asks, the engine answers;
// result text flows only as fast as it is pulled.

/** Lane 0 loads and changes tables; the others serve one query at a time each. */
export const LOAD_LANE = 0;

/** How the engine is to be opened. */
export interface OpenRequest {
  readonly type: 'open';
  readonly path: string;
  /** Arguments of the engine itself. */
  readonly engineArguments: readonly string[];
  /** For each lane the settings of its session. */
  readonly lanes: readonly Readonly<Record<string, string | number>>[];
  readonly chunkBytes: number;
}

export type Request =
  | OpenRequest
  /** Runs to its end; answered by `done` with all of its text, or by `error`. */
  | {
      readonly type: 'run';
      readonly id: number;
      readonly lane: number;
      readonly sql: string;
      readonly settings?: Readonly<Record<string, string | number>>;
    }
  /** Answered by `chunk`s, one for each `pull`, and then `end` or `error`. */
  | {
      readonly type: 'query';
      readonly id: number;
      readonly lane: number;
      readonly sql: string;
      readonly parameters: Readonly<Record<string, unknown>>;
      readonly settings: Readonly<Record<string, string | number>>;
    }
  | { readonly type: 'pull'; readonly id: number }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'memory'; readonly id: number }
  | { readonly type: 'close' };

export type Response =
  | { readonly type: 'opened' }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'done'; readonly id: number; readonly text: string }
  | { readonly type: 'chunk'; readonly id: number; readonly bytes: Uint8Array }
  | {
      readonly type: 'end';
      readonly id: number;
      readonly rowsRead: number;
      readonly bytesRead: number;
      readonly elapsedMs: number;
    }
  | { readonly type: 'error'; readonly id: number; readonly message: string };
