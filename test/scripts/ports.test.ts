import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { claimPort, freePort } from '../../scripts/stack/ports.ts'
import { stackSettings } from '../../scripts/stack/settings.ts'

it('a taken port is one sentence that names the port, the part and the setting', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  await expect(claimPort('the API', 'SPOOL_PORT', port)).rejects.toThrow(
    `Port ${port}, meant for the API, is taken by another program; stop that one, or choose another port with SPOOL_PORT`,
  )
})

it('a free port is taken as asked, and 0 means any', async () => {
  const port = await freePort()
  await expect(claimPort('the API', 'SPOOL_PORT', port)).resolves.toBe(port)
  await expect(claimPort('the API', 'SPOOL_PORT', 0)).resolves.toBeGreaterThan(1023)
})

it('SPOOL_PORT=0 frees every port that has no setting of its own', () => {
  expect(stackSettings({ SPOOL_PORT: '0', SPOOL_POSTGRES_PORT: '6543' }).ports).toEqual({
    api: 0,
    temporal: 0,
    temporalUi: 0,
    postgres: 6543,
  })
  expect(stackSettings({}).ports).toEqual({
    api: 7100,
    temporal: 7233,
    temporalUi: 8233,
    postgres: 54_320,
  })
})

it('a port that is none is refused by name', () => {
  expect(() => stackSettings({ SPOOL_TEMPORAL_PORT: '7233x' })).toThrow(
    /SPOOL_TEMPORAL_PORT is 7233x/,
  )
})
