import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { ensureAnswer } from '../../scripts/stack/ensure-answer.ts'

it('a server that is not there is said with the setting that names it', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  await ensureAnswer('TEMPORAL_ADDRESS', address)
  server.close()
  await once(server, 'close')
  await expect(ensureAnswer('TEMPORAL_ADDRESS', address)).rejects.toThrow(
    `Nobody answers at TEMPORAL_ADDRESS (${address})`,
  )
})

it('an address without a port is refused before anybody is asked', async () => {
  await expect(ensureAnswer('TEMPORAL_ADDRESS', 'temporal')).rejects.toThrow('no host and port')
})
