"""The resource library: public material of the LEAD model, in versions."""
