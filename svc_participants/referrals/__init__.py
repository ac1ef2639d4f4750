"""How people come in: referrals through three doors, screened under a site protocol."""
