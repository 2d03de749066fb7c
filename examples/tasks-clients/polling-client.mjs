// A client of a hosted media API, as people write them: it orders a task and asks every other second
// until it is done. It knows a base URL and a key, and nothing of who answers there.
//
//   MEDIA_API_URL=https://api.example.com MEDIA_API_KEY=… \
//     node polling-client.mjs <input URL> <kind> '<options as JSON>' <output file>

import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const { MEDIA_API_URL, MEDIA_API_KEY } = process.env
const [input, kind, options, outputPath] = process.argv.slice(2)

const call = async (path, init = {}) => {
  const response = await fetch(`${MEDIA_API_URL}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${MEDIA_API_KEY}`, 'content-type': 'application/json' },
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return await response.json()
}

const createTask = async () =>
  await call('/tasks', {
    method: 'POST',
    body: JSON.stringify({
      input,
      kind,
      options: JSON.parse(options),
      metadata: { client: 'polling-client' },
    }),
  })

const waitForTask = async (id) => {
  for (;;) {
    const task = await call(`/tasks/${id}`)
    if (task.status === 'completed') return task.output.url
    if (task.status === 'failed') throw new Error(`task failed: ${JSON.stringify(task.error)}`)
    await sleep(2_000)
  }
}

const { id } = await createTask()
const url = await waitForTask(id)
const result = await fetch(url)
if (!result.ok) throw new Error(`output: ${result.status}`)
await writeFile(outputPath, Buffer.from(await result.arrayBuffer()))
console.log(JSON.stringify({ id, url, type: result.headers.get('content-type') }))
