import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { modelsPage } from '../../scripts/models-page.ts'

test('the page about models says what the table says', async () => {
  const page = await readFile(new URL('../../docs/models.md', import.meta.url), 'utf8')
  // Written anew by: node scripts/run.mjs scripts/models-page.ts
  expect(page).toBe(modelsPage())
})
