import { createRouter, createWebHashHistory } from 'vue-router'
import { isUnlocked, session } from './app/usePhone'

/** Only 今日 is in the first chunk; everything else is loaded when it is opened (and precached, so offline too). */
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/start', component: () => import('./start/StartScreen.vue'), meta: { open: true } },
    { path: '/enrol', component: () => import('./start/EnrolScreen.vue'), meta: { open: true } },
    { path: '/', component: () => import('./today/TodayScreen.vue') },
    { path: '/me', component: () => import('./me/MeScreen.vue') },
    { path: '/keys', component: () => import('./me/KeysScreen.vue') },
    { path: '/report-unit', component: () => import('./me/ReportUnitScreen.vue') },
    { path: '/troubles', component: () => import('./me/TroublesScreen.vue') },
    {
      path: '/visit/:insp',
      component: () => import('./visit/VisitFrame.vue'),
      props: true,
      children: [
        { path: '', component: () => import('./visit/VisitHome.vue') },
        { path: ':step', component: () => import('./visit/StepScreen.vue'), props: true },
      ],
    },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

router.beforeEach((to) => {
  if (to.meta.open || isUnlocked()) return true
  return { path: '/start', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
})

/** The place is on the disk before the screen is shown: a phone that loses its power comes back to what it showed. */
router.beforeResolve(async (to) => {
  const insp = to.params['insp']
  if (typeof insp !== 'string') return
  try {
    await session().setResumePoint({ insp, route: to.fullPath })
  } catch (error) {
    // A full or silent store must not hold anybody at a step; the step itself says what cannot be saved.
    console.warn(error)
  }
})
