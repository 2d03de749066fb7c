// A renderer that takes every task and never works on it, to try out what Spool does then
// (docs/temporal.md). It speaks as much of the tasks API as Spool asks of a renderer:
//
//   node examples/silent-renderer.mjs [port]

import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'

const port = Number(process.argv[2] ?? 7900)
const tasks = new Map()

const server = createServer((request, response) => {
  request.resume()
  const [path] = request.url.split('?')
  console.log(`${request.method} ${path}`)
  const [, id, command] = /^\/v1\/tasks\/([^/]+)(\/cancel)?$/.exec(path) ?? []
  const answer = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

  if (request.method === 'POST' && path === '/v1/tasks') return answer(201, newTask())
  const task = tasks.get(id)
  // `/readyz` included: it does not claim to be well, so a stalled render stays stalled.
  if (task === undefined) return answer(path === '/readyz' ? 503 : 404, {})
  if (command !== undefined) task.status = 'canceled'
  return answer(200, task)
})

function newTask() {
  const created_at = new Date().toISOString()
  const task = { id: `task_${randomUUID()}`, object: 'task', kind: 'render', created_at }
  // The last sign of life is the first one.
  Object.assign(task, { status: 'processing', progress: 0, output: null, updated_at: created_at })
  tasks.set(task.id, task)
  return task
}

server.listen(port, '127.0.0.1', () => console.log(`Silent on http://127.0.0.1:${port}`))
