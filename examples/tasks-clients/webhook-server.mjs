// A server that has its media made by a hosted API, as people write them: it orders a task with its own
// address, goes on with other things, and fetches the result when the webhook comes. It knows a base URL
// and a key, and nothing of who answers there.
//
//   MEDIA_API_URL=https://api.example.com MEDIA_API_KEY=… PORT=8080 node webhook-server.mjs
//   curl -X POST localhost:8080/orders -d '{"input":"https://…","kind":"image","options":{}}'
//   curl localhost:8080/orders/<task id>
//
// PUBLIC_URL is where the API reaches this server, when it does not run on the same machine; HOST is the
// address to listen on then.

import { createServer } from 'node:http'

const { MEDIA_API_URL, MEDIA_API_KEY, HOST, PORT, PUBLIC_URL } = process.env
const orders = new Map()

const readJson = async (request) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString())
}

const order = async ({ input, kind, options }) => {
  const response = await fetch(`${MEDIA_API_URL}/tasks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${MEDIA_API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      input,
      kind,
      options,
      metadata: { orderedBy: 'webhook-server' },
      webhook_url: `${PUBLIC_URL ?? `http://127.0.0.1:${server.address().port}`}/webhook`,
    }),
  })
  const task = await response.json()
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(task)}`)
  if (!orders.has(task.id)) orders.set(task.id, { status: 'waiting' })
  return { task_id: task.id }
}

const receive = ({ type, task_id: id, output_url: url, error }) => {
  if (type === 'job.succeeded') orders.set(id, { status: 'done', url })
  if (type === 'job.failed') orders.set(id, { status: 'failed', error })
  return { received: true }
}

const handle = async (request) => {
  if (request.method === 'POST' && request.url === '/orders') return order(await readJson(request))
  if (request.method === 'POST' && request.url === '/webhook')
    return receive(await readJson(request))
  return orders.get(request.url.replace('/orders/', '')) ?? { status: 'unknown' }
}

const server = createServer((request, response) => {
  const answer = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  handle(request).then(
    (body) => answer(200, body),
    (error) => answer(500, { error: String(error) }),
  )
})

server.listen(Number(PORT ?? 0), HOST ?? '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`)
})
