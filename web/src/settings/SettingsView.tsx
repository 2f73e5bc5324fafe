import { useQuery } from "@tanstack/react-query";
import { Cpu, Folder, Info, Keyboard, type LucideIcon, Palette, Puzzle, User, Users } from "lucide-react";
import { type ComponentType, lazy, Suspense, useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { sessionQuery } from "@/api/queries";
import { useTexts } from "@/texts/texts";
import { Spinner } from "@/ui";
import { About } from "./About";
import { Account } from "./Account";
import { Appearance } from "./Appearance";
import { DevicePart } from "./DevicePart";
import { FoldersPart } from "./FoldersPart";
import { People } from "./People";
import { Plugins } from "./Plugins";
import styles from "./settings.module.css";

const NAMES = [
  "appearance",
  "device",
  "folders",
  "account",
  "people",
  "plugins",
  "shortcuts",
  "about",
] as const;
type Name = (typeof NAMES)[number];

/** The list of the graph's commands brings the graph with it, so it is fetched when it is wanted. */
const Shortcuts = lazy(() => import("./Shortcuts"));

const PARTS: Record<Name, { icon: LucideIcon; Part: ComponentType; forAdmins?: boolean }> = {
  appearance: { icon: Palette, Part: Appearance },
  device: { icon: Cpu, Part: DevicePart },
  folders: { icon: Folder, Part: FoldersPart, forAdmins: true },
  account: { icon: User, Part: Account },
  people: { icon: Users, Part: People, forAdmins: true },
  plugins: { icon: Puzzle, Part: Plugins },
  shortcuts: { icon: Keyboard, Part: Shortcuts },
  about: { icon: Info, Part: About },
};

/** What can be set, a page for each matter. */
export default function SettingsView() {
  const t = useTexts("settings");
  const [place] = useLocation();
  const { data: session } = useQuery(sessionQuery);
  const offered = NAMES.filter((name) => !PARTS[name].forAdmins || session?.admin);
  const here = offered.find((name) => place === `/settings/${name}`) ?? "appearance";
  const { Part } = PARTS[here];
  const list = useRef<HTMLUListElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: on a phone the list is a row that scrolls
  useEffect(() => {
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [here]);
  return (
    <div className={styles.view}>
      <nav className={styles.nav} aria-label={t("title")}>
        <h1>{t("title")}</h1>
        <ul ref={list}>
          {offered.map((name) => {
            const { icon: Icon } = PARTS[name];
            return (
              <li key={name}>
                <Link
                  href={`/settings/${name}`}
                  className={styles.place}
                  aria-current={name === here ? "page" : undefined}
                >
                  <Icon size={17} aria-hidden />
                  {t(`part ${name}`)}
                </Link>
              </li>
            );
          })}
        </ul>
      </nav>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by keys where nothing in it can have the focus */}
      <section className={styles.part} aria-labelledby="part" tabIndex={0}>
        <h2 id="part" className={styles.title}>
          {t(`part ${here}`)}
        </h2>
        <Suspense fallback={<Spinner label={t("loading")} />}>
          <Part />
        </Suspense>
      </section>
    </div>
  );
}
