"""Step 1: the exhibition and the waiting view."""

from workshop.checking.diagnosing import Catalogue

catalogue = Catalogue()
