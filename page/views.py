from django.shortcuts import render


def not_a_room(request, name):
    """The page to choose a room, with what is wrong with the name in the address."""
    return render(request, "chat/index.html", {"refused": name}, status=404)
