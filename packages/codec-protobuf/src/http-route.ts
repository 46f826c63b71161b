/** An HTTP route of an endpoint (google/api/http.proto), for a gateway. */
export interface HttpRoute {
  /** As it is called: `Greeter.Hello`. */
  readonly endpoint: string;
  readonly method: string;
  /** With the fields that it takes from the path: `/v1/{name=people/*}`. */
  readonly path: string;
  /** The field that the body is, or `*` for all that the path leaves; undefined: there is none. */
  readonly body?: string | undefined;
  /** The field that the answer is; undefined: the whole message. */
  readonly responseBody?: string | undefined;
}
