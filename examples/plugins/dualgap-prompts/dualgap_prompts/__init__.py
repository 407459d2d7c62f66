"""Fair prompts for a small language model: two problem kinds and their solvers; imported when somebody uses them."""

from dualgap import Choice, Problem, hookimpl


@hookimpl
def dualgap_problems() -> dict[str, str]:
    return {
        "prompt-attack": "dualgap_prompts.attack:PromptAttack",
        "prompt-minmax": "dualgap_prompts.minmax:PromptMinmax",
    }


@hookimpl
def dualgap_solvers() -> dict[str, str]:
    attacks = {"enumeration": "Enumeration", "gumbel": "Gumbel", "gumbel-soft": "GumbelSoft"}
    attacks |= {"coordinate": "Coordinate", "random": "Random"}
    return {
        **{f"{name}@prompts": f"dualgap_prompts.search:{cls}" for name, cls in attacks.items()},
        "lora@prompts": "dualgap_prompts.tuning:Lora",
        "lora-dual@prompts": "dualgap_prompts.tuning:LoraDual",
    }


@hookimpl
def dualgap_commands() -> dict[str, str]:
    return {"prompts": "dualgap_prompts.command:app"}


@hookimpl
def dualgap_choices(problem: Problem) -> list[Choice]:
    if problem.kind == "prompt-attack":
        return [Choice("enumeration@prompts", "every prompt can be gone through")]
    if problem.kind == "prompt-minmax":
        return [Choice("lora-dual@prompts", "unfairness is a constraint, and its price is found")]
    return []
