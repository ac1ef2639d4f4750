"""The only public door: who asks, may they, plan, fetch, fence, release. Holds no data."""
