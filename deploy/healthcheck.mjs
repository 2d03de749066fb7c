// `node deploy/healthcheck.mjs URL`: exit code 0 when the URL answers with success, for images without curl.

const response = await fetch(process.argv[2], { signal: AbortSignal.timeout(4_000) }).catch(
  (error) => ({ ok: false, status: error.message }),
)
if (!response.ok) {
  console.error(`${process.argv[2]}: ${response.status}`)
  process.exit(1)
}
