/** Where the server is, and as whom it is asked. */
export interface ApiAccess {
  /** Of the server; without it `SPOOL_API_URL`, else this machine. */
  readonly apiUrl?: string
  /** Without it `SPOOL_API_KEY`. */
  readonly apiKey?: string
  /** Ends what is waited for. */
  readonly signal?: AbortSignal
}

const LOCAL_URL = 'http://127.0.0.1:7100'

/** Of the program that uses this; a browser has none. */
const environment = (): Readonly<Record<string, string | undefined>> =>
  (globalThis as { readonly process?: { readonly env?: Record<string, string> } }).process?.env ??
  {}

/** The root of the server; the address of its `/execute` route is taken for it as well. */
export const rootUrlOf = ({ apiUrl }: ApiAccess): string =>
  (apiUrl ?? environment()['SPOOL_API_URL'] ?? LOCAL_URL).replace(/\/+(?:execute\/*)?$/, '')

/** *Errors:* a plain one that says how a key is given. */
export const keyOf = ({ apiKey }: ApiAccess): string => {
  const key = apiKey ?? environment()['SPOOL_API_KEY']
  if (key) return key
  throw new Error('An API key is needed: give `apiKey`, or set SPOOL_API_KEY.')
}
