import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Pencil, UserPlus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { api, failure, got, type Schemas } from "@/api/client";
import { sizeText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, Chip, Dialog, Notice, Spinner, Switch, TextField, Trouble } from "@/ui";
import { Group, meQuery, useDoing } from "./parts";
import styles from "./settings.module.css";
import { GIGABYTE, limitOf } from "./units";

type User = Schemas["UserView"];

/** The accounts, for those who look after them. */
export function People() {
  const t = useTexts("settings");
  const language = useLanguage((state) => state.language);
  const { data: me } = useQuery(meQuery);
  const users = useQuery({ queryKey: ["users"], queryFn: () => got(api.GET("/api/v1/users")) });
  const [changing, setChanging] = useState<User | null>(null);
  if (users.error) return <Trouble failure={failure(users.error)} />;
  if (!users.data || !me) return <Spinner label={t("loading")} />;
  const isAlone = me.id === "local" && !me.has_password;
  return (
    <>
      {isAlone && (
        <Notice actions={<Link href="/settings/account">{t("to account")}</Link>}>
          <p>{t("people off")}</p>
          <p className={styles.small}>{t("people off about")}</p>
        </Notice>
      )}
      <Group about={t("people about")}>
        <ul className={styles.list}>
          {users.data.map((user) => (
            <li key={user.id} className={styles.entry}>
              <div className={styles.grow}>
                <p>
                  {user.name} {user.admin && <Chip>{t("admin")}</Chip>}{" "}
                  {user.disabled && <Chip className={styles.off}>{t("disabled")}</Chip>}
                </p>
                <p className={styles.small}>
                  {t("minutes of", { used: Math.round(user.device_seconds_today / 60) })}
                  {user.device_seconds_a_day !== null &&
                    ` ${t("out of", { most: Math.round(user.device_seconds_a_day / 60) })}`}
                  {" · "}
                  {sizeText(user.bytes_used, language)}
                  {user.bytes_kept !== null &&
                    ` ${t("out of", { most: sizeText(user.bytes_kept, language) })}`}
                </p>
              </div>
              <Button
                icon={Pencil}
                aria-label={`${t("change")}: ${user.name}`}
                onClick={() => setChanging(user)}
              >
                {t("change")}
              </Button>
            </li>
          ))}
        </ul>
      </Group>
      {!isAlone && <NewPerson />}
      {changing && <Change user={changing} isMe={changing.id === me.id} onClose={() => setChanging(null)} />}
    </>
  );
}

function NewPerson() {
  const t = useTexts("settings");
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [isAdmin, setAdmin] = useState(false);
  const [isBusy, act] = useDoing();
  function add(event: FormEvent) {
    event.preventDefault();
    void act(async () => {
      const body = { name: name.trim(), password: password || null, admin: isAdmin };
      await api.POST("/api/v1/users", { body });
      setName("");
      setPassword("");
      setAdmin(false);
      await client.invalidateQueries({ queryKey: ["users"] });
    });
  }
  return (
    <Group title={t("add person")}>
      <form className={styles.narrow} onSubmit={add}>
        <TextField
          label={t("name")}
          maxLength={64}
          autoComplete="off"
          value={name}
          onChange={setName}
          required
        />
        <TextField
          label={t("first password")}
          hint={t("first password hint")}
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
        />
        <Switch label={t("is admin")} hint={t("is admin about")} checked={isAdmin} onChange={setAdmin} />
        <div>
          <Button type="submit" icon={UserPlus} busy={isBusy} disabled={!name.trim()}>
            {t("add person")}
          </Button>
        </div>
      </form>
    </Group>
  );
}

function Change({ user, isMe, onClose }: { user: User; isMe: boolean; onClose: () => void }) {
  const t = useTexts("settings");
  const client = useQueryClient();
  const [password, setPassword] = useState("");
  const [isAdmin, setAdmin] = useState(user.admin);
  const [isDisabled, setDisabled] = useState(user.disabled);
  const [minutes, setMinutes] = useState(inUnits(user.device_seconds_a_day, 60));
  const [gigabytes, setGigabytes] = useState(inUnits(user.bytes_kept, GIGABYTE));
  const [isBusy, act] = useDoing();
  async function save() {
    const bytes = limitOf(gigabytes, GIGABYTE);
    const change: Partial<Schemas["UserChange"]> = {
      device_seconds_a_day: limitOf(minutes, 60),
      bytes_kept: bytes === null ? null : Math.round(bytes),
      ...(password ? { password } : {}),
      ...(isMe ? {} : { admin: isAdmin, disabled: isDisabled }),
    };
    const path = { user: user.id };
    const isDone = await act(() =>
      api.PATCH("/api/v1/users/{user}", { params: { path }, body: change as Schemas["UserChange"] }),
    );
    if (!isDone) return;
    onClose();
    await client.invalidateQueries({ queryKey: ["users"] });
  }
  return (
    <Dialog
      title={user.name}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t("leave it")}</Button>
          <Button look="primary" busy={isBusy} onClick={() => void save()}>
            {t("save")}
          </Button>
        </>
      }
    >
      <div className={styles.stack}>
        {!isMe && (
          <>
            <Switch label={t("is admin")} hint={t("is admin about")} checked={isAdmin} onChange={setAdmin} />
            <Switch
              label={t("is disabled")}
              hint={t("is disabled about")}
              checked={isDisabled}
              onChange={setDisabled}
            />
          </>
        )}
        <div className={styles.two}>
          <TextField
            label={t("minutes a day")}
            hint={t("no limit")}
            inputMode="decimal"
            value={minutes}
            onChange={setMinutes}
          />
          <TextField
            label={t("gigabytes")}
            hint={t("no limit")}
            inputMode="decimal"
            value={gigabytes}
            onChange={setGigabytes}
          />
        </div>
        {!isMe && (
          <TextField
            label={t("other password")}
            hint={t("other password hint")}
            type="password"
            autoComplete="new-password"
            value={password}
            onChange={setPassword}
          />
        )}
      </div>
    </Dialog>
  );
}

function inUnits(value: number | null, unit: number): string {
  return value === null ? "" : String(Math.round((value / unit) * 100) / 100);
}
