"""Guesses at a running gateway with two workers: what is hashed, what is refused, who gets in."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fixtures.processes import wait_for
from tests.gateway.login.browsers import PASSWORD, Guarded, shown

FREE = 5
SOME = FREE + 7  # doubled waits let through no more than that in a minute


def test_of_131_guesses_all_but_the_first_few_are_refused_unhashed(guarded: Guarded) -> None:
    guarded.add_person("many")
    before = len(guarded.hashes())
    with guarded.browser("127.0.1.1") as stranger:
        stranger.log_in("many", "first")
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda n: stranger.log_in("many", f"guess {n}"), range(130)))
        refused = [answer for answer in answers if answer.status_code == 429]
        checked = len(answers) - len(refused) + 1

        assert {answer.status_code for answer in answers} == {200, 429}
        assert FREE <= checked <= SOME
        assert len(guarded.hashes()) - before == checked
        assert {nice for _, nice in guarded.hashes()} == {10}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
        assert "Too many failed tries. Try again in " in refused[0].text
        assert 'name="password"' in refused[0].text  # the same page

        wait_for(lambda: stranger.log_in("many").status_code == 302, seconds=60)


def test_an_unknown_name_looks_the_same(guarded: Guarded) -> None:
    guarded.add_person("known")
    seen = {}
    for address, name in (("127.0.2.1", "known"), ("127.0.2.2", "unknown")):
        before = len(guarded.hashes())
        with guarded.browser(address) as stranger:
            for guess in range(FREE):
                stranger.log_in(name, f"guess {guess}")
            wrong = shown(stranger.log_in(name, ""), name)
            guarded.have_failed(FREE + 6, address=address)
            refused = stranger.log_in(name, "one more")
        seen[name] = (
            wrong,
            len(guarded.hashes()) - before,
            refused.status_code,
            refused.headers["Retry-After"],
            shown(refused, name),
        )

    assert seen["known"] == seen["unknown"]
    assert seen["known"][1:3] == (FREE, 429)


def test_a_known_browser_gets_in_while_a_stranger_guesses(guarded: Guarded) -> None:
    guarded.add_person("person")
    address = "127.0.3.1"  # of both: an office
    with guarded.browser(address) as own, guarded.browser(address) as other:
        assert own.log_in("person").status_code == 302
        own.log_out()
        other.log_in("person", "guess")
        guarded.have_failed(30, address=address)  # for the address as well

        assert other.log_in("person").status_code == 429
        assert own.log_in("person").status_code == 302
        own.log_out()
        assert own.log_in("stranger").status_code == 429  # the cookie is one person's

        for guess in range(FREE):
            own.log_in("person", f"guess {guess}")
        assert own.log_in("person", "guess").status_code == 429  # and is no way around


def test_successes_count_for_nothing(guarded: Guarded) -> None:
    guarded.add_person("typist")
    for _ in range(3):
        for guess in ("wrong", "wrong", "wrong", PASSWORD):
            with guarded.browser("127.0.4.1") as browser:  # no cookie of a former log-in
                answer = browser.log_in("typist", guess)
        assert answer.status_code == 302


def test_the_old_password_of_a_change_counts(guarded: Guarded) -> None:
    guarded.add_person("changer")
    address = "127.0.5.1"
    with guarded.browser(address) as browser:
        browser.log_in("changer")
        del browser.cookies["gateway_device"]
        before = len(guarded.hashes())
        wrong = [browser.change_password(f"guess {n}", "another long one") for n in range(FREE)]
        assert {answer.status_code for answer in wrong} == {200}
        guarded.have_failed(FREE + 9, address=address)
        refused = browser.change_password(PASSWORD, "another long one")

        assert refused.status_code == 429
        assert "Too many failed tries. Try again in 9 minutes." in refused.text
        assert len(guarded.hashes()) - before == FREE
        guarded.have_failed(0, address=address)
        assert browser.change_password(PASSWORD, "another long one").status_code == 302
        assert browser.log_in("changer", "another long one").status_code == 302


def test_unlocking_a_name_and_an_address(guarded: Guarded) -> None:
    guarded.add_person("locked")
    for who in ("locked", "127.0.6.1"):
        with guarded.browser("127.0.6.1") as browser:
            browser.log_in("locked", "guess")
            guarded.have_failed(FREE + 9, address="127.0.6.1")
            assert browser.log_in("locked").status_code == 429
            assert who in guarded.gateway.manage("login", "unlock", who)
            if who == "locked":  # the address has waits of its own
                guarded.have_failed(0, address="127.0.6.1")
            assert browser.log_in("locked").status_code == 302
    missing = guarded.gateway.manage("login", "unlock", "nobody-at-all", fails=True)
    assert "No failed log-ins are counted for nobody-at-all." in missing


def test_a_restarted_gateway_still_knows_the_counts(guarded: Guarded) -> None:
    guarded.add_person("lasting")
    with guarded.browser("127.0.7.1") as browser:
        browser.log_in("lasting", "guess")
    guarded.have_failed(FREE + 9, address="127.0.7.1")
    children = {process for process, _ in guarded.hashes() if Path(f"/proc/{process}").exists()}

    assert guarded.gateway.stop() == 0
    assert children
    wait_for(lambda: not any(Path(f"/proc/{process}").exists() for process in children))
    guarded.gateway.start(workers=2)
    with guarded.browser("127.0.7.1") as browser:
        assert browser.log_in("lasting").status_code == 429


def test_a_process_that_hashes_is_replaced_and_ends_with_its_worker(guarded: Guarded) -> None:
    guarded.add_person("steady")
    with guarded.browser("127.0.8.1") as browser:
        for _ in range(6):  # both workers get some
            assert browser.log_in("steady").status_code == 302
        hashing = {process for process, _ in guarded.hashes() if Path(f"/proc/{process}").exists()}
        for process in hashing:
            os.kill(process, signal.SIGKILL)
        for _ in range(6):
            assert browser.log_in("steady").status_code == 302

    replaced = {process for process, _ in guarded.hashes()[-6:]}
    assert not replaced & hashing
    for worker in guarded.gateway.workers():
        os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not any(Path(f"/proc/{process}").exists() for process in replaced))
    wait_for(lambda: len(guarded.gateway.workers()) == 2)


def test_the_page_in_a_browser(guarded: Guarded, page) -> None:
    guarded.add_person("seen")
    page.goto(f"{guarded.gateway.url}/admin/login/")
    for guess in ("guess", "another guess"):
        page.fill("#id_username", "seen")
        page.fill("#id_password", guess)
        page.click("[type=submit]")
        page.wait_for_selector(".errornote")
        guarded.have_failed(FREE + 9, address="127.0.0.1")

    assert page.inner_text(".errornote").startswith("Too many failed tries. Try again in ")
    assert page.input_value("#id_username") == "seen"
    guarded.have_failed(0, address="127.0.0.1")
    page.fill("#id_password", PASSWORD)
    page.click("[type=submit]")
    page.wait_for_selector("#user-tools")
