"""The chess club where Alice plays: boards, clock, record, pictures. There is nothing to edit."""
