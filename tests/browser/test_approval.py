from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import SignIn
from tests.support.scene import Scene, item


def test_a_quantity_is_corrected_when_two_people_agree(scene: Scene, console: str, sign_in: SignIn) -> None:
    """Of two units that come back only one was sold. CX asks, tries to approve it alone, and somebody else agrees."""
    scene.ask("r1", item("0002", 2))
    scene.work()
    cx = sign_in(console, "cx", "/console/exceptions?code=over_return&cause=5001:0002")
    if not cx.get_by_role("heading", name="Correct a quantity").count():
        cx.goto(f"{console}/console/exceptions")
        cx.get_by_role("link", name="More returned than was sold").click()
    form = cx.locator("form", has=cx.get_by_role("heading", name="Correct a quantity"))
    form.get_by_label("Units that come back").fill("1")
    form.get_by_label("Reason").fill("The customer sent a gift back too.")
    form.get_by_role("button", name="Correct it").click()
    expect(cx.get_by_text("waits for a second person now")).to_be_visible()

    cx.goto(f"{console}/console/approvals")
    expect(cx.get_by_role("button", name="Approve")).to_have_count(0)
    scene.later(1)
    assert scene.codes() == ["over_return"]
    approver = sign_in(console, "approver", "/console/approvals")
    row = approver.get_by_role("row", name="Correct a quantity")
    expect(row).to_contain_text("The customer sent a gift back too.")
    expect(row).to_contain_text("cx")
    row.get_by_role("button", name="Approve").click()

    expect(approver.get_by_text("Approved and done.")).to_be_visible()
    scene.later(1)
    assert scene.codes() == []
    approver.goto(f"{console}/console/returns/es/r1")
    expect(approver.get_by_text("cx, approved by approver").first).to_be_visible()
    assert scene.ledger()["RA-r1"].units == 1


def test_a_refusal_leaves_everything_as_it_is(scene: Scene, console: str, sign_in: SignIn) -> None:
    scene.ask("r1", item("0002", 2))
    scene.work()
    (exception,) = scene.exceptions()
    cx = sign_in(console, "cx", f"/console/exceptions/{exception.id}")
    form = cx.locator("form", has=cx.get_by_role("heading", name="Write off"))
    form.get_by_label("Reason").fill("It is only a sock.")
    form.get_by_role("button", name="Resolve").click()
    approver = sign_in(console, "approver", "/console/approvals")
    approver.get_by_role("button", name="Refuse").click()

    expect(approver.get_by_text("nothing was done")).to_be_visible()
    assert scene.codes() == ["over_return"]
