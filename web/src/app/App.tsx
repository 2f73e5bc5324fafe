import { useQuery } from "@tanstack/react-query";
import { Component, lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { Route, Router, Switch } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import { failure, whenStranger } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { listen, stop, useConnection } from "@/live/stream";
import { QueuePanel } from "@/queue/QueuePanel";
import { useTexts } from "@/texts/texts";
import { Button, Notice, Spinner } from "@/ui";
import { Toasts } from "@/ui/Toasts";
import styles from "./app.module.css";
import { Navigation } from "./Navigation";
import { SignIn } from "./SignIn";
import { VIEWS, type View } from "./views";

const FormView = lazy(() => import("@/form/FormView"));
const TrayView = lazy(() => import("@/tray/TrayView"));

/** The frame around all views: where one is, what is running, and whether the server is there. */
export function App() {
  const session = useQuery(sessionQuery);
  const [isStranger, setStranger] = useState(false);
  useEffect(() => whenStranger(() => setStranger(true)), []);
  const mustSignIn = isStranger || session.data?.name === null;
  useEffect(() => {
    if (mustSignIn || !session.data) return;
    listen();
    return stop;
  }, [mustSignIn, session.data]);
  if (mustSignIn) {
    return (
      <>
        <SignIn onDone={() => setStranger(false)} />
        <Toasts />
      </>
    );
  }
  return (
    <Router hook={useHashLocation}>
      <Frame />
      <Toasts />
    </Router>
  );
}

function Frame() {
  const t = useTexts("app");
  useShortcuts();
  return (
    <div className={styles.frame}>
      <button type="button" className={styles.skip} onClick={() => document.getElementById("main")?.focus()}>
        {t("skip")}
      </button>
      <Navigation />
      <main id="main" tabIndex={-1} className={styles.main}>
        <Connection />
        <Switch>
          <Route path="/queue">
            <section className={styles.alone}>
              <QueuePanel />
            </section>
          </Route>
          <Route path="/form/:id">
            {({ id }) => (
              <Placed>
                <FormView id={id} />
              </Placed>
            )}
          </Route>
          <Route path="/tray/:id/:sampler?">
            {({ id, sampler = "" }) => (
              <Placed>
                <TrayView key={id} id={id} sampler={sampler} />
              </Placed>
            )}
          </Route>
          {VIEWS.slice(1).map((view) => (
            <Route key={view.name} path={`${view.path}/*?`}>
              <Shown view={view} />
            </Route>
          ))}
          <Route>{VIEWS[0] && <Shown view={VIEWS[0]} />}</Route>
        </Switch>
      </main>
    </div>
  );
}

function Shown({ view }: { view: View }) {
  const t = useTexts("app");
  useEffect(() => {
    document.title = `${t(view.name)} · Safelight`;
  }, [t, view]);
  return (
    <Placed key={view.name} withQueue={view.withQueue}>
      <view.View />
    </Placed>
  );
}

function Placed({ withQueue, children }: { withQueue?: boolean; children: ReactNode }) {
  const t = useTexts("app");
  return (
    <Guard>
      <Suspense
        fallback={
          <div className={styles.wait}>
            <Spinner label={t("loading")} />
          </div>
        }
      >
        <div className={styles.view}>{children}</div>
        {withQueue && (
          <aside className={styles.aside}>
            <QueuePanel />
          </aside>
        )}
      </Suspense>
    </Guard>
  );
}

/** A view that breaks does not take the rest with it. */
class Guard extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    return this.state.error === null ? (
      this.props.children
    ) : (
      <Broken error={this.state.error} onAgain={() => this.setState({ error: null })} />
    );
  }
}

function Broken({ error, onAgain }: { error: unknown; onAgain: () => void }) {
  const t = useTexts("app");
  const { what } = failure(error);
  // a view's code has another name once the interface was built anew
  const isOld = /dynamically imported|importing a module|module script|preload/i.test(what);
  return (
    <div className={styles.alone}>
      <Notice
        kind="bad"
        actions={
          isOld ? (
            <Button onClick={() => location.reload()}>{t("reload")}</Button>
          ) : (
            <Button onClick={onAgain}>{t("try again")}</Button>
          )
        }
      >
        <p>{isOld ? t("view renewed") : t("view broken")}</p>
        {!isOld && <p>{what}</p>}
      </Notice>
    </div>
  );
}

function Connection() {
  const t = useTexts("app");
  const isLost = useConnection(({ state }) => state === "lost");
  return (
    <div role="status" className={isLost ? styles.lost : "sr-only"}>
      {isLost && t("lost")}
    </div>
  );
}

function useShortcuts() {
  const [, go] = useHashLocation();
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (!event.altKey || event.ctrlKey || event.metaKey) return;
      const view = VIEWS.find(({ key }) => event.code === `Digit${key}`);
      if (!view) return;
      event.preventDefault();
      go(view.path);
    }
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [go]);
}
