/** Signed URLs carry their signature in the query, tokens of ours in the path behind `/webhooks/`. */
const URL_QUERY = /(https?:\/\/[^\s"?#<>]+)[?#][^\s"<>]*/g
const WEBHOOK_TOKEN = /(\/webhooks\/[a-z]+\/)[\w.~-]+/g

/** A text for logs and histories: URLs keep their address and lose what could open them. */
export const withoutUrlQueries = (text: string): string =>
  text.replace(URL_QUERY, '$1?…').replace(WEBHOOK_TOKEN, '$1…')
