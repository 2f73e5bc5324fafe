import { ListVideo } from "lucide-react";
import { Link, useLocation } from "wouter";
import { progressOf, useQueue } from "@/live/jobs";
import { useTexts } from "@/texts/texts";
import { classes, Progress, Tip } from "@/ui";
import styles from "./app.module.css";
import { VIEWS } from "./views";

/** The views, and how the queue is: at the left, or on a phone at the lower edge. */
export function Navigation() {
  const t = useTexts("app");
  const [here] = useLocation();
  const jobs = useQueue();
  const [first] = jobs;
  const isHere = (path: string) =>
    path === "/"
      ? ![...VIEWS.slice(1).map((view) => view.path), "/queue", "/form/", "/tray/"].some((other) =>
          here.startsWith(other),
        )
      : here.startsWith(path);
  return (
    <nav className={styles.nav} aria-label={t("views")}>
      <img className={styles.logo} src="/icon.svg" alt="Safelight" width="32" height="32" />
      <ul>
        {VIEWS.map(({ path, name, icon: Icon, key, onPhone }) => (
          <li key={name} className={classes(!onPhone && styles.notOnPhone)}>
            <Tip text={`Alt+${key}`} side="right">
              <Link href={path} className={styles.place} aria-current={isHere(path) ? "page" : undefined}>
                <Icon size={20} aria-hidden />
                <span>{t(name)}</span>
              </Link>
            </Tip>
          </li>
        ))}
        <li className={styles.queueLink}>
          <Link href="/queue" className={styles.place} aria-current={here === "/queue" ? "page" : undefined}>
            <ListVideo size={20} aria-hidden />
            <span>{t("queue")}</span>
            {jobs.length > 0 && <span className={styles.count}>{jobs.length}</span>}
            {first?.view.state === "running" && (
              <span aria-hidden>
                <Progress label={t("running job")} value={progressOf(first).share} />
              </span>
            )}
          </Link>
        </li>
      </ul>
    </nav>
  );
}
