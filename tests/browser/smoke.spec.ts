import { expect, test } from '@playwright/test'

test('runs', async ({ page }) => {
  await page.setContent('<h1>随检</h1>')
  await expect(page.locator('h1')).toHaveText('随检')
})
