"""The forms of GitHub's answers, complete as its published schemas ask."""

from datetime import UTC, datetime
from typing import Any

WHEN = "2024-01-01T00:00:00Z"
_REPOSITORY_URLS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors "
    "deployments downloads events forks git_commits git_refs git_tags hooks issue_comment "
    "issue_events issues keys labels languages merges milestones notifications pulls releases "
    "stargazers statuses subscribers subscription tags teams trees"
)
_USER_URLS = (
    "events followers following gists organizations received_events repos starred subscriptions"
)


class Shapes:
    """Makes answers for one repository at one address."""

    def __init__(self, url: str, repository: str, default_branch: str) -> None:
        self.url = url
        self.owner, self.name = repository.split("/")
        self.default_branch = default_branch
        self.home = f"{url}/repos/{repository}"

    def user(self, login: str = "") -> dict[str, Any]:
        login = login or self.owner
        url = f"{self.url}/users/{login}"
        return {
            **{f"{name}_url": f"{url}/{name}" for name in _USER_URLS.split()},
            "login": login,
            "id": 1,
            "node_id": "U_1",
            "avatar_url": f"{url}/avatar",
            "gravatar_id": "",
            "url": url,
            "html_url": url,
            "type": "User",
            "site_admin": False,
        }

    def repository(self) -> dict[str, Any]:
        counts = "forks forks_count open_issues open_issues_count stargazers_count watchers"
        counts += " watchers_count size network_count subscribers_count"
        flags = "archived disabled fork has_discussions has_downloads has_issues has_pages"
        flags += " has_projects has_wiki"
        clone = f"{self.url}/{self.owner}/{self.name}.git"
        return {
            **{f"{name}_url": f"{self.home}/{name}" for name in _REPOSITORY_URLS.split()},
            **dict.fromkeys(counts.split(), 0),
            **dict.fromkeys((f"{flags} private").split(), False),
            **dict.fromkeys(("created_at", "updated_at", "pushed_at"), WHEN),
            **dict.fromkeys(("description", "homepage", "language", "license", "mirror_url")),
            **dict.fromkeys(("clone_url", "git_url", "ssh_url", "svn_url"), clone),
            "id": 1,
            "node_id": "R_1",
            "name": self.name,
            "full_name": f"{self.owner}/{self.name}",
            "owner": self.user(),
            "html_url": f"{self.url}/{self.owner}/{self.name}",
            "url": self.home,
            "default_branch": self.default_branch,
        }

    def ref(self, ref: str, sha: str) -> dict[str, Any]:
        target = {"type": "commit", "sha": sha, "url": f"{self.home}/git/commits/{sha}"}
        return {"ref": ref, "node_id": "REF_1", "url": f"{self.home}/git/{ref}", "object": target}

    def tree(self, sha: str, entries: list[dict[str, Any]], truncated: bool) -> dict[str, Any]:
        url = f"{self.home}/git/trees/{sha}"
        return {"sha": sha, "url": url, "tree": entries, "truncated": truncated}

    def git_commit(self, sha: str, found: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.home}/git/commits/{sha}"
        return {
            "sha": sha,
            "node_id": "C_1",
            "url": url,
            "html_url": url,
            "author": person(found["author"]),
            "committer": person(found["committer"]),
            "tree": {"sha": found["tree"], "url": f"{self.home}/git/trees/{found['tree']}"},
            "message": found["message"],
            "parents": [self._parent(parent) for parent in found["parents"]],
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        }

    def commit(self, sha: str, found: dict[str, Any]) -> dict[str, Any]:
        inner = self.git_commit(sha, found)
        url = f"{self.home}/commits/{sha}"
        kept = ("author", "committer", "message", "tree", "url", "verification")
        return {
            "url": url,
            "sha": sha,
            "node_id": "C_1",
            "html_url": url,
            "comments_url": f"{url}/comments",
            "commit": {**{key: inner[key] for key in kept}, "comment_count": 0},
            "author": self.user(),
            "committer": self.user(),
            "parents": inner["parents"],
        }

    def _parent(self, sha: str) -> dict[str, Any]:
        url = f"{self.home}/git/commits/{sha}"
        return {"sha": sha, "url": url, "html_url": url}

    def comparison(self, **facts: Any) -> dict[str, Any]:
        urls = ("url", "html_url", "permalink_url", "diff_url", "patch_url")
        return {**dict.fromkeys(urls, f"{self.home}/compare"), "files": [], **facts}

    def run(self, run: dict[str, Any]) -> dict[str, Any]:
        """A run of GitHub Actions."""
        url = f"{self.home}/actions/runs/{run['id']}"
        names = "url html_url jobs_url check_suite_url cancel_url rerun_url artifacts_url"
        home = self.repository()
        person = {"name": "ann", "email": "ann@example.com"}
        return {
            **dict.fromkeys(names.split(), url),
            **dict.fromkeys(("created_at", "updated_at"), WHEN),
            **dict.fromkeys(("repository", "head_repository"), home),
            "logs_url": f"{url}/logs",
            "workflow_url": f"{self.home}/actions/workflows/1",
            "node_id": "WFR_1",
            "run_number": 1,
            "display_title": "ci",
            "event": "push",
            "path": ".github/workflows/ci.yml",
            "workflow_id": 1,
            "pull_requests": [],
            "head_commit": {
                **{"id": run["head_sha"], "tree_id": "t", "message": "m", "timestamp": WHEN},
                **{"author": person, "committer": person},
            },
            **{key: value for key, value in run.items() if key != "logs"},
        }

    def branch(self, name: str, sha: str) -> dict[str, Any]:
        commit = {"sha": sha, "url": f"{self.home}/commits/{sha}"}
        return {"name": name, "commit": commit, "protected": name == self.default_branch}

    def label(self, number: int, name: str) -> dict[str, Any]:
        return {
            "id": number,
            "node_id": f"L_{number}",
            "url": f"{self.home}/labels/{name}",
            "name": name,
            "color": "ededed",
            "default": False,
            "description": "",
        }

    def comment(self, number: int, issue: int, body: str) -> dict[str, Any]:
        url = f"{self.home}/issues/comments/{number}"
        return {
            "id": number,
            "node_id": f"IC_{number}",
            "url": url,
            "html_url": url,
            "issue_url": f"{self.home}/issues/{issue}",
            "body": body,
            "user": self.user(),
            "created_at": WHEN,
            "updated_at": WHEN,
            "author_association": "MEMBER",
        }

    def pull(self, number: int, facts: dict[str, Any], *, whole: bool) -> dict[str, Any]:
        url, issue = f"{self.home}/pulls/{number}", f"{self.home}/issues/{number}"
        links = "comments commits html issue review_comment review_comments self statuses"
        unset = "assignee auto_merge closed_at merge_commit_sha merged_at milestone"
        simple = {
            **dict.fromkeys(unset.split()),
            "_links": {name: {"href": url} for name in links.split()},
            "id": 100 + number,
            "node_id": f"PR_{number}",
            "merged_at": WHEN if facts.get("merged") else None,
            "number": number,
            "url": url,
            "html_url": f"{self.url}/{self.owner}/{self.name}/pull/{number}",
            "diff_url": f"{url}.diff",
            "patch_url": f"{url}.patch",
            "issue_url": issue,
            "comments_url": f"{issue}/comments",
            "commits_url": f"{url}/commits",
            "review_comment_url": f"{url}/comments",
            "review_comments_url": f"{url}/comments",
            "statuses_url": f"{self.home}/statuses",
            "author_association": "MEMBER",
            "base": self._side(facts["base"], facts["base_sha"]),
            "head": self._side(facts["head"], facts["head_sha"]),
            "title": facts["title"],
            "body": facts["body"],
            "draft": facts["draft"],
            "state": facts["state"],
            "labels": [self.label(n, name) for n, name in enumerate(facts["labels"], start=1)],
            "locked": False,
            "created_at": WHEN,
            "updated_at": WHEN,
            "user": self.user(),
        }
        if not whole:
            return simple
        counts = "additions changed_files comments commits deletions review_comments"
        return {
            **simple,
            **dict.fromkeys(counts.split(), 0),
            "maintainer_can_modify": False,
            "mergeable": None,
            "mergeable_state": "unknown",
            "merged": bool(facts.get("merged")),
            "merged_by": None,
        }

    def _side(self, branch: str, sha: str) -> dict[str, Any]:
        label = f"{self.owner}:{branch}"
        return {
            "label": label,
            "ref": branch,
            "sha": sha,
            "repo": self.repository(),
            "user": self.user(),
        }


def person(line: str) -> dict[str, str]:
    """A person of a commit, from git's own line."""
    who, stamp, _zone = line.rsplit(" ", 2)
    name, _, email = who.partition(" <")
    date = datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"name": name, "email": email.rstrip(">"), "date": date}
